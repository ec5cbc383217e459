/** Writes finalizers, marks and status. */
export const FIELD_MANAGER = 'alibaba-cloud-operator';

/** Applies the generated spec of an AlibabaLoadBalancer. */
export const GENERATOR_FIELD_MANAGER = 'alibaba-cloud-operator-generator';
