// Checks custom resources by the schemas of their definitions: JSON list on standard input, a finding on each line of
// the output. Twice, because neither sees everything: the schemas know patterns and choices but let unknown fields
// pass, which a cluster would drop without a word; the types of the same definitions know every field.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const PACKAGES = {
  "monitoring.coreos.com": "@kubernetes-models/prometheus-operator",
  "external-secrets.io": "@kubernetes-models/external-secrets",
};

const resources = JSON.parse(readFileSync(0, "utf8"));
const findings = [];
const known = [];
for (const resource of resources) {
  const [group, version] = resource.apiVersion.split("/");
  const path = `${PACKAGES[group]}/${group}/${version}`;
  const models = PACKAGES[group] ? await import(path).catch(() => ({})) : {};
  const Model = models[resource.kind];
  if (!Model) {
    findings.push(`${name(resource)}: no schema of ${resource.apiVersion} is known`);
    continue;
  }
  known.push({ resource, path });
  try {
    new Model(resource).validate();
  } catch (error) {
    findings.push(`${name(resource)}: ${error.message}`);
  }
}
if (known.length > 0) findings.push(...unknownFields(known));
if (findings.length > 0) process.stdout.write(`${findings.join("\n")}\n`);

function name(resource) {
  return `${resource.kind} ${resource.metadata?.name}`;
}

/** What TypeScript says of each resource, written as a literal of its type on a line of its own. */
function unknownFields(known) {
  const file = fileURLToPath(new URL("resources.ts", import.meta.url));
  const lines = known.map(
    ({ resource, path }, number) =>
      `import type { I${resource.kind} as T${number} } from "${path}"; ` +
      `export const r${number}: T${number} = ${JSON.stringify(resource)};`,
  );
  const options = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    noEmit: true,
    skipLibCheck: true,
    strict: true,
    target: ts.ScriptTarget.ES2022,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (path) => path === file || fileExists(path);
  host.getSourceFile = (path, ...rest) =>
    path === file ? ts.createSourceFile(path, lines.join("\n"), ts.ScriptTarget.ES2022) : getSourceFile(path, ...rest);
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map((each) => {
    const text = ts.flattenDiagnosticMessageText(each.messageText, " ");
    if (each.file?.fileName !== file) return text;
    const { line } = each.file.getLineAndCharacterOfPosition(each.start);
    return `${name(known[line].resource)}: ${text}`;
  });
}
