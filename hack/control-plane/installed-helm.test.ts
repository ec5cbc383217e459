import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHelmRecentEnough } from './installed-helm.ts';

const cases = [
  {
    name: 'Same',
    printed: 'v3.14.0+g3fc9f4b',
    want: true,
    reason: 'The oldest one that is tried.',
  },
  { name: 'NextMajor', printed: 'v4.3.1', want: true, reason: 'The major version decides first.' },
  { name: 'Older', printed: 'v3.9.4+gdbc6d8e', want: false, reason: 'Numbers are compared.' },
  { name: 'Two', printed: 'Client: v2.17.0', want: false, reason: 'Another program altogether.' },
  { name: 'Silent', printed: '', want: false, reason: 'It does not say what it is.' },
];

for (const { name, printed, want, reason } of cases) {
  test(`isHelmRecentEnough: ${name}`, () => {
    assert.equal(isHelmRecentEnough(printed), want, reason);
  });
}
