// Check KQL without a workspace: syntax, functions, operators, columns and their types.
//
// usage: node kql.mjs FILE_OR_QUERY...
//   *.kql    one query, or several apart by a line of ---; a file named prelude.kql holds let statements that the later files may use
//   *.json   every string under a key "query" (a workbook, or evaluated templates); serializedData of workbooks is opened
// Exit 1 if something is wrong. Needs the npm package @kusto/language-service-next (set NODE_PATH if it is installed elsewhere).
import { createRequire } from 'node:module';
import fs from 'node:fs';
import path from 'node:path';

const require = createRequire(process.env.NODE_PATH ? path.resolve(process.env.NODE_PATH, 'x') : path.resolve('x'));
require('@kusto/language-service-next/bridge.js');
require('@kusto/language-service-next');
const { KustoCode, GlobalState, Symbols } = globalThis.Kusto.Language;

// Columns as Azure Monitor documents them, as far as they are of use here. A column that is not listed is reported as unknown: add it.
const TABLES = JSON.parse(fs.readFileSync(new URL('kql_tables.json', import.meta.url), 'utf8'));

function database() {
  const types = { string: 'String', datetime: 'DateTime', int: 'Int', long: 'Long', real: 'Real', dynamic: 'Dynamic', bool: 'Bool' };
  const tables = Object.entries(TABLES).map(([name, columns]) => new Symbols.TableSymbol.$ctor4(name,
    Object.entries(columns).map(([key, type]) => new Symbols.ColumnSymbol(key, Symbols.ScalarTypes[types[type]]))));
  for (const constructor of ['ctor', '$ctor1', '$ctor2', '$ctor3', '$ctor4']) {   // the overload that takes symbols has moved between versions
    try {
      const found = new Symbols.DatabaseSymbol[constructor]('workspace', tables);
      if (found.Members?.Count >= tables.length) return found;
    } catch { /* another overload */ }
  }
  throw new Error('this version of @kusto/language-service-next has another DatabaseSymbol');
}

function* inJson(value, where) {
  if (Array.isArray(value)) {
    for (const [i, inner] of value.entries()) yield* inJson(inner, `${where}[${i}]`);
  } else if (value && typeof value === 'object') {
    for (const [key, inner] of Object.entries(value)) {
      if (key === 'query' && typeof inner === 'string') yield [`${where}.${key}`, inner];
      else if (key === 'serializedData' && typeof inner === 'string' && inner.startsWith('{')) yield* inJson(JSON.parse(inner), `${where}.${key}`);
      else yield* inJson(inner, `${where}.${key}`);
    }
  }
}

function* queries(args) {
  let prelude = '';
  for (const arg of args) {
    if (!fs.existsSync(arg)) { yield ['argument', arg]; continue; }
    const text = fs.readFileSync(arg, 'utf8');
    if (path.basename(arg) === 'prelude.kql') { prelude = `${text}\n`; yield [arg, `${text}\nprint 1`]; continue; }
    if (arg.endsWith('.json')) { yield* inJson(JSON.parse(text), arg); continue; }
    for (const [i, query] of text.split(/^\s*---\s*$/m).entries()) if (query.trim()) yield [`${arg}#${i + 1}`, prelude + query];
  }
}

const state = GlobalState.Default.WithDatabase(database());
let count = 0;
let problems = 0;
for (const [where, query] of queries(process.argv.slice(2))) {
  count += 1;
  const text = query.replace(/\{TimeRange[^}]*\}/g, '> ago(1d)').replace(/\{(\w+)(:\w+)?\}/g, 'x');    // workbook parameters
  const found = KustoCode.ParseAndAnalyze(text, state).GetDiagnostics();
  for (let i = 0; i < found.Count; i += 1) {
    const { Severity, Message, Start } = found.getItem(i);
    if (Severity === 'Suggestion') continue;
    problems += 1;
    const line = text.slice(0, Start).split('\n').length;
    console.log(`${where}:${line}: ${Severity} ${Message}   at ${JSON.stringify(text.slice(Start, Start + 40).replace(/\s+/g, ' '))}`);
  }
}
console.log(`${count} queries, ${problems} problems`);
process.exit(problems || !count ? 1 : 0);
