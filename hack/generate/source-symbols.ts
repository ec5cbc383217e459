import { readFile } from 'node:fs/promises';
import path from 'node:path';
import ts from 'typescript';
import { repositoryRoot } from './generated-file.ts';

/**
 * Tells why a reference to a place in the repository leads nowhere; `undefined` for one that is good.
 *
 * Shape: a reference is `path`, or `path#symbol`, where the symbol is what a TypeScript file declares
 *   at its top, or `Class.member`; in any other file it is a piece of its text.
 */
export async function brokenReference(reference: string): Promise<string | undefined> {
  const [file = '', symbol] = reference.split('#', 2);
  const rest = reference.slice(file.length + 1);
  let text: string;
  try {
    text = await readFile(path.join(repositoryRoot, file), 'utf8');
  } catch {
    return `${file} does not exist`;
  }
  if (symbol === undefined) return undefined;
  const isThere = file.endsWith('.ts') ? declaredNames(text).has(rest) : text.includes(rest);
  return isThere ? undefined : `${file} has no ${rest}`;
}

/** Lists what a TypeScript source declares at its top, and the members of its classes. */
export function declaredNames(text: string): ReadonlySet<string> {
  const source = ts.createSourceFile('source.ts', text, ts.ScriptTarget.Latest, true);
  const names = new Set<string>();
  for (const statement of source.statements) {
    if (ts.isVariableStatement(statement)) {
      for (const { name } of statement.declarationList.declarations) {
        names.add(name.getText(source));
      }
    } else if (
      ts.isFunctionDeclaration(statement) ||
      ts.isClassDeclaration(statement) ||
      ts.isInterfaceDeclaration(statement) ||
      ts.isTypeAliasDeclaration(statement)
    ) {
      const name = statement.name?.text;
      if (name === undefined) continue;
      names.add(name);
      if (!ts.isClassDeclaration(statement)) continue;
      for (const member of statement.members) {
        if (member.name !== undefined) names.add(`${name}.${member.name.getText(source)}`);
      }
    }
  }
  return names;
}
