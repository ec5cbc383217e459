import path from 'node:path';
import type { Plugin } from 'esbuild';

const KUBERNETES_CLIENT = '@kubernetes/client-node';
const OPERATOR_BASE = path.join('node_modules', '@dot-i', 'k8s-operator');

/** What the operator's base class imports, and what it gets instead. */
const STAND_INS: Readonly<Record<string, string>> = {
  [KUBERNETES_CLIENT]: 'operator-base-client.ts',
  gaxios: 'operator-base-http.ts',
};

/**
 * Leaves out of a bundle the thousands of models and API classes that the Kubernetes client brings
 * and nobody here uses: 5 MB of code, and 30 MB of memory.
 *
 * The client does not say that its modules have no effect beside what they export, so the bundler
 * must be told; and the base class, in CommonJS, takes all of it whatever it uses.
 */
export const leanImports: Plugin = {
  name: 'lean-imports',
  setup(build) {
    build.onResolve(
      { filter: /^(@kubernetes\/client-node|gaxios)$/ },
      ({ importer, path: name }) => {
        const standIn = STAND_INS[name];
        if (standIn === undefined || !importer.includes(OPERATOR_BASE)) return undefined;
        return { path: path.join(import.meta.dirname, standIn) };
      },
    );
    build.onResolve({ filter: /^(\.|@kubernetes\/client-node$)/ }, async (request) => {
      const isOfClient =
        request.path === KUBERNETES_CLIENT ||
        request.importer.includes(path.join('node_modules', KUBERNETES_CLIENT));
      if (!isOfClient || request.pluginData === leanImports.name) return undefined;
      const { path: name, ...question } = request;
      const answer = await build.resolve(name, { ...question, pluginData: leanImports.name });
      return { ...answer, sideEffects: false };
    });
  },
};
