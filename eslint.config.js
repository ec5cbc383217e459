import tseslint from 'typescript-eslint';

/**
 * Names a restricted import and says where the import belongs instead.
 * @param {string[]} group
 * @param {string} message
 */
function forbid(group, message) {
  return { group, message };
}

const kubernetesClient = forbid(
  ['@kubernetes/client-node', '@dot-i/k8s-operator'],
  'The Kubernetes client lives in src/operator; declare a port instead.',
);
// Whole packages of products load tens of megabytes; a product's folder takes the models it uses.
const anyCloudSdkButModels = {
  regex:
    '^(@darabonba/.*|@alicloud/(?!(ecs20140526|vpc20160428)/dist/models/[A-Z][A-Za-z0-9]+\\.js$).*)$',
  // Files of single models begin with a capital; `model.js` is all of them.
  caseSensitive: true,
  message:
    'Import single models of a product; all else of cloud SDKs lives in src/cloud/transport.',
};
const wholeProductSdk = {
  regex: '^@alicloud/(ecs|vpc)[0-9]+(?![0-9]|/dist/models/[A-Z][A-Za-z0-9]+\\.js$)',
  caseSensitive: true,
  message: 'The whole package loads tens of megabytes; import the models that are used.',
};
const cloudSdk = forbid(['@alicloud/*', '@darabonba/*'], 'Cloud SDKs live in src/cloud/transport.');

export default tseslint.config(
  { ignores: ['eslint.config.js', 'dist/', 'node_modules/', '**/*.generated.ts', '.cache/'] },
  ...tseslint.configs.strictTypeChecked,
  ...tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // node:test returns promises from test() and describe() that the runner itself awaits.
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', package: 'node:test', name: ['test', 'describe', 'it', 'suite'] },
          ],
        },
      ],
      eqeqeq: 'error',
    },
  },
  {
    files: ['src/cloud/**'],
    ignores: ['src/cloud/transport/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            kubernetesClient,
            anyCloudSdkButModels,
            forbid(
              ['**/operator/**', '**/reconcilers/**'],
              'Imports point one way: operator, reconcilers, cloud.',
            ),
          ],
        },
      ],
    },
  },
  {
    files: ['src/cloud/transport/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            kubernetesClient,
            wholeProductSdk,
            forbid(
              ['**/operator/**', '**/reconcilers/**'],
              'Imports point one way: operator, reconcilers, cloud.',
            ),
          ],
        },
      ],
    },
  },
  {
    files: ['src/reconcilers/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            kubernetesClient,
            cloudSdk,
            forbid(['**/operator/**'], 'Imports point one way: operator, reconcilers, cloud.'),
          ],
        },
      ],
    },
  },
  {
    files: ['src/operator/**'],
    rules: {
      'no-restricted-imports': ['error', { patterns: [cloudSdk] }],
    },
  },
  {
    files: ['src/**'],
    ignores: ['src/operator/main.ts', '**/*.test.ts'],
    rules: {
      // Clock, randomness and environment enter through ports that main.ts constructs.
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Use the Clock port.' },
        { object: 'Math', property: 'random', message: 'Use the Randomness port.' },
        { object: 'process', property: 'env', message: 'Only main.ts reads the environment.' },
      ],
      'no-restricted-globals': [
        'error',
        { name: 'setTimeout', message: 'Use the Clock port.' },
        { name: 'setInterval', message: 'Use the Clock port.' },
      ],
    },
  },
);
