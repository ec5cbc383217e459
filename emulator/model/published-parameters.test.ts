import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { cloudCaller, type CloudCaller } from '../../test/support/cloud-caller.ts';
import { startLocalCloud, type LocalCloud } from '../../test/support/local-cloud.ts';
import {
  findErrorStatus,
  listPublishedOperations,
  type PublishedOperation,
  type PublishedParameter,
} from './api-catalog.ts';
import {
  acceptedLength,
  acceptedMaximum,
  isClamped,
  violationCode,
  type Violation,
} from './operation-parameters.ts';
import { findOperationHandler, listHandledOperations } from './operation-table.ts';

/** One request that the metadata forbid, and the code that they publish for it. */
interface WrongCall {
  readonly mistake: Violation;
  /** The parameter as codes name it. */
  readonly subject: string;
  readonly parameters: Record<string, string>;
}

let cloud: LocalCloud;
let call: CloudCaller;

before(async () => {
  cloud = await startLocalCloud({ settings: { rates: { default: 0 } } });
  call = cloudCaller(cloud.url);
});
after(() => cloud.stop());

/** A value that passes the checks of one parameter. */
function rightValue(parameter: PublishedParameter): string {
  if (parameter.enum?.[0] !== undefined) return parameter.enum[0];
  if (parameter.type.startsWith('int')) return String(Math.max(parameter.min ?? 1, 1));
  if (parameter.type === 'boolean') return 'true';
  return parameter.name === 'RegionId'
    ? 'cn-hangzhou'
    : 'x'.repeat(acceptedLength(parameter)?.[0] ?? 1);
}

/** Puts a right value under the names that the parameter has on the wire. */
function rightParameter(parameter: PublishedParameter): Record<string, string> {
  if (parameter.fields !== undefined) {
    return Object.fromEntries(
      parameter.fields.map((field) => [memberName(parameter, field), rightValue(field)]),
    );
  }
  if (parameter.type.startsWith('array')) return { [`${parameter.name}.1`]: 'x' };
  return { [parameter.name]: rightValue(parameter) };
}

/** The name on the wire of a member of a list's first item, or of an object. */
function memberName(parameter: PublishedParameter, field: PublishedParameter): string {
  const item = parameter.type === 'object' ? parameter.name : `${parameter.name}.1`;
  return field.type.startsWith('array') ? `${item}.${field.name}.1` : `${item}.${field.name}`;
}

function rightCall(operation: PublishedOperation): Record<string, string> {
  const required = operation.request.filter((parameter) => parameter.required === true);
  return Object.assign({}, ...required.map(rightParameter)) as Record<string, string>;
}

function upperFirst(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function wrongCalls(operation: PublishedOperation): WrongCall[] {
  return operation.request.flatMap((parameter) => {
    const base = rightCall(operation);
    const own = Object.keys(rightParameter(parameter));
    const missing = Object.fromEntries(
      Object.entries(base).filter(([name]) => !own.includes(name)),
    );
    const subject = upperFirst(parameter.name);
    const wrong: WrongCall[] = [];
    if (parameter.required === true) {
      wrong.push({ mistake: 'missing', subject, parameters: missing });
    }
    if (parameter.fields === undefined && !parameter.type.startsWith('array')) {
      for (const [mistake, value] of wrongValues(operation, parameter)) {
        wrong.push({ mistake, subject, parameters: { ...base, [parameter.name]: value } });
      }
    }
    for (const field of parameter.fields ?? []) {
      if (field.type.startsWith('array')) continue;
      for (const [mistake, value] of wrongValues(operation, field)) {
        wrong.push({
          mistake,
          subject: `${subject}${field.name}`,
          parameters: {
            ...base,
            ...rightParameter(parameter),
            [memberName(parameter, field)]: value,
          },
        });
      }
    }
    const { maxItems } = parameter;
    if (maxItems !== undefined) {
      wrong.push({
        mistake: 'items',
        subject,
        parameters: { ...base, ...tooMany(parameter, maxItems) },
      });
    }
    return wrong;
  });
}

function tooMany(parameter: PublishedParameter, maxItems: number): Record<string, string> {
  const numbers = Array.from({ length: maxItems + 1 }, (_, index) => index + 1);
  if (parameter.repeat === 'comma separated string') {
    return { [parameter.name]: numbers.map((number) => `x${number}`).join(',') };
  }
  if (parameter.fields === undefined) {
    return Object.fromEntries(
      numbers.map((number) => [`${parameter.name}.${number}`, `x${number}`]),
    );
  }
  const { fields } = parameter;
  return Object.assign(
    {},
    ...numbers.map((number) =>
      Object.fromEntries(
        fields.map((field) => [`${parameter.name}.${number}.${field.name}`, rightValue(field)]),
      ),
    ),
  ) as Record<string, string>;
}

function wrongValues(
  operation: PublishedOperation,
  parameter: PublishedParameter,
): [Violation, string][] {
  const wrong: [Violation, string][] = [];
  if (parameter.type.startsWith('int')) {
    wrong.push(['type', 'many'], ['type', '1.5'], ['type', '99999999999999999999']);
    if (!isClamped(operation, parameter.name)) wrong.push(...outOfRange(operation, parameter));
  }
  if (parameter.type === 'boolean') wrong.push(['type', 'yes']);
  if (parameter.enum !== undefined) {
    wrong.push(['enum', parameter.type.startsWith('int') ? '7777' : 'none-of-these']);
  }
  const length = acceptedLength(parameter);
  if (length !== undefined) wrong.push(['length', 'x'.repeat(length[1] + 1)]);
  return wrong;
}

function outOfRange(
  operation: PublishedOperation,
  parameter: PublishedParameter,
): [Violation, string][] {
  const { min, default: unset } = parameter;
  const max = acceptedMaximum(operation, parameter);
  const wrong: [Violation, string][] = [];
  // A default just outside the range is a value of its own.
  const below = (min ?? 0) - 1 === unset ? (min ?? 0) - 2 : (min ?? 0) - 1;
  if (min !== undefined) wrong.push(['range', String(below)]);
  if (max !== undefined) wrong.push(['range', String(max + 1)]);
  return wrong;
}

const RULES: Readonly<Record<Violation, string>> = {
  missing: 'call-missing',
  type: 'call-invalid',
  range: 'call-invalid',
  enum: 'call-invalid',
  length: 'call-length',
  items: 'call-count',
};

for (const operation of listPublishedOperations()) {
  const { action, version } = operation;
  for (const { mistake, subject, parameters } of wrongCalls(operation)) {
    const shown = Object.values(parameters).map((value) => value.slice(0, 12));
    test(`rule ${RULES[mistake]}: ${action}: ${subject} ${mistake} (${shown.join(' ')})`, async () => {
      const answer = await call(action, parameters, { version });
      const code = violationCode(operation, subject, mistake);
      assert.equal(answer.code, code, answer.message);
      assert.equal(answer.status, findErrorStatus(operation, code));
      assert.match(answer.message, new RegExp(`"${subject}"`));
    });
  }
}

// The codes of the table above, spelt out where an operation publishes one of its own.
const SPELT_OUT = [
  ['TagResources', 'ResourceType', 'missing', 'MissingParameter'],
  ['TagResources', 'ResourceId', 'missing', 'MissingParam.ResourceId'],
  ['TagResources', 'RegionId', 'missing', 'MissingParam.RegionId'],
  ['TagResources', 'ResourceType', 'enum', 'InvalidParam.ResourceType'],
  ['TagResources', 'TagKey', 'length', 'InvalidParam.TagKey'],
  ['TagResources', 'ResourceId', 'items', 'SizeLimitExceeded.ResourceId'],
  ['UntagResources', 'TagKey', 'items', 'SizeLimitExceeded.TagKey'],
  ['DescribeLoadBalancerListeners', 'LoadBalancerId', 'items', 'IllegalParamSize.LoadBalancerId'],
  ['DescribeLoadBalancerListeners', 'ListenerProtocol', 'enum', 'IllegalParam.ListenerProtocol'],
  ['DescribeLoadBalancerListeners', 'MaxResults', 'range', 'IllegalParam.MaxResults'],
  ['CreateLoadBalancer', 'Bandwidth', 'range', 'InvalidParameter.Bandwidth'],
  ['CreateLoadBalancer', 'Tag', 'items', 'SizeLimitExceeded.Tag'],
  ['CreateLoadBalancer', 'InstanceChargeType', 'enum', 'IllegalParam.InstanceChargeType'],
  ['CreateLoadBalancer', 'LoadBalancerName', 'length', 'InvalidParameterLength'],
  ['CreateLoadBalancer', 'AddressType', 'enum', 'InvalidParameter'],
  ['CreateLoadBalancerTCPListener', 'ListenerPort', 'range', 'InvalidParam.ListenerPort'],
  [
    'CreateLoadBalancerUDPListener',
    'HealthCheckReq',
    'length',
    'InvalidParamLength.HealthCheckReq',
  ],
  ['DeleteLoadBalancer', 'LoadBalancerId', 'missing', 'MissingParameter'],
  ['DescribeInstances', 'Status', 'enum', 'InvalidStatus.NotFound'],
  ['DescribeInstances', 'InstanceNetworkType', 'enum', 'InvalidNetworkType.NotFound'],
  ['DescribeInstances', 'Tag', 'items', 'InvalidTagCount'],
  ['DescribeVpcs', 'PageSize', 'range', 'InvalidParameter'],
] as const;

for (const [action, subject, mistake, code] of SPELT_OUT) {
  test(`rule ${RULES[mistake]}: ${action} publishes ${code} for ${subject} ${mistake}`, () => {
    const operation = listPublishedOperations().find((each) => each.action === action);
    assert.ok(operation);
    assert.equal(violationCode(operation, subject, mistake), code);
  });
}

test('every published operation is carried out, and no other', () => {
  const published = listPublishedOperations();
  assert.deepEqual(
    listHandledOperations().sort(),
    published.map(({ version, action }) => `${version}/${action}`).sort(),
  );
  for (const operation of published) assert.ok(findOperationHandler(operation));
});
