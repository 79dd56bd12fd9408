// What a file defines, read from its syntax tree: functions, classes, methods, variables, tables. Bounded in count and time.
import { ensureSyntaxTree, language, syntaxTree } from "../../vendor/codemirror.js";

const MOST_SYMBOLS = 1_000;
const WITHIN_MS = 15;
const PARSE_WITHIN_MS = 10;
const LOOK_EVERY = 256;

const child = (node, name, type) => [[node.getChild(name), type]];
const children = (node, name, type) => node.getChildren(name).map((found) => [found, type]);

/** The names before the sign that ends them, as in "a, b = 1, 2". */
function leftOf(node, ends, types) {
  const found = [];
  for (let each = node.firstChild; each && !ends.includes(each.name); each = each.nextSibling) {
    if (types[each.name]) found.push([each, types[each.name]]);
  }
  return found;
}

function pythonFunction(node) {
  const outer = node.parent?.name === "DecoratedStatement" ? node.parent.parent : node.parent;
  const isMethod = outer?.name === "Body" && outer.parent?.name === "ClassDefinition";
  return child(node, "VariableName", isMethod ? "method" : "function");
}

function pythonImport(node) {
  const found = [];
  for (let each = node.getChild("import"); each; each = each.nextSibling) {
    const isName = each.name === "VariableName" && each.nextSibling?.name !== "as";
    if (isName && each.nextSibling?.name !== ".") found.push([each, "variable"]);
  }
  return found;
}

function pythonAssignment(node) {
  const targets = leftOf(node, [":", "AssignOp"], {
    VariableName: "variable",
    MemberExpression: "property",
  });
  return targets.map(([each, type]) => [
    type === "property" ? each.getChild("PropertyName") : each,
    type,
  ]);
}

function javascriptAssignment(node) {
  const target = node.getChild("MemberExpression");
  return target?.getChild("this") ? child(target, "PropertyName", "property") : [];
}

/** A table or a view, and the columns between its brackets. */
function sqlStatement(node, doc) {
  const first = node.firstChild;
  if (first?.name !== "Keyword" || !/^create$/i.test(doc.sliceString(first.from, first.to)))
    return [];
  const found = [[node.getChild("Identifier"), "class"]];
  let isFirst = false;
  for (let each = node.getChild("Parens")?.firstChild; each; each = each.nextSibling) {
    if (isFirst && each.name === "Identifier") found.push([each, "property"]);
    isFirst = each.name === "(" || each.name === "Punctuation";
  }
  return found;
}

/** Per language: what a node defines as [node of the name, type], and which nodes keep their variables to themselves. */
const PYTHON = {
  rules: {
    FunctionDefinition: pythonFunction,
    ClassDefinition: (node) => child(node, "VariableName", "class"),
    AssignStatement: pythonAssignment,
    ImportStatement: pythonImport,
  },
  scopes: new Set(["FunctionDefinition", "LambdaExpression"]),
};

const JAVASCRIPT = {
  rules: {
    FunctionDeclaration: (node) => child(node, "VariableDefinition", "function"),
    ClassDeclaration: (node) => child(node, "VariableDefinition", "class"),
    MethodDeclaration: (node) => child(node, "PropertyDefinition", "method"),
    PropertyDeclaration: (node) => child(node, "PropertyDefinition", "property"),
    AssignmentExpression: javascriptAssignment,
    PropertyType: (node) => child(node, "PropertyDefinition", "property"),
    VariableDeclaration: (node) => children(node, "VariableDefinition", "variable"),
    PatternProperty: (node) => child(node, "VariableDefinition", "variable"),
    ArrayPattern: (node) => children(node, "VariableDefinition", "variable"),
    ImportGroup: (node) => children(node, "VariableDefinition", "variable"),
    ImportDeclaration: (node) => child(node, "VariableDefinition", "variable"),
    InterfaceDeclaration: (node) => child(node, "TypeDefinition", "interface"),
    TypeAliasDeclaration: (node) => child(node, "TypeDefinition", "type"),
    EnumDeclaration: (node) => child(node, "TypeDefinition", "enum"),
  },
  scopes: new Set([
    "FunctionDeclaration",
    "FunctionExpression",
    "ArrowFunction",
    "MethodDeclaration",
  ]),
};

const SQL = { rules: { Statement: sqlStatement }, scopes: new Set() };

const LANGUAGES = { python: PYTHON, javascript: JAVASCRIPT, typescript: JAVASCRIPT, sql: SQL };

/** Inside a function only what belongs to an object is known outside of it. */
const REACH_OUT = new Set(["property", "method"]);

function walk(tree, doc, { rules, scopes }, range) {
  const found = new Map();
  const deadline = performance.now() + WITHIN_MS;
  let depth = 0;
  let count = 0;
  let isOver = false;

  function define(node) {
    for (const [name, type] of rules[node.name](node.node, doc)) {
      if (!name || (depth > 0 && !REACH_OUT.has(type))) continue;
      const label = doc.sliceString(name.from, Math.min(name.to, name.from + 100));
      if (!found.has(label)) found.set(label, { label, type });
    }
  }

  tree.iterate({
    ...range,
    enter(node) {
      count += 1;
      if (count % LOOK_EVERY === 0) isOver ||= performance.now() > deadline;
      if (isOver || found.size >= MOST_SYMBOLS) return false;
      if (rules[node.name]) define(node);
      if (scopes.has(node.name)) depth += 1;
      return true;
    },
    leave(node) {
      if (scopes.has(node.name)) depth -= 1;
    },
  });
  return [...found.values()];
}

const known = new WeakMap();

/**
 * [{label, type}] of what can be named from elsewhere, within from and to. With parse a file that no editor shows is
 * parsed first, for a short time; else the tree is taken as far as it goes.
 */
export function collectSymbols(state, { from = 0, to = state.doc.length, parse = false } = {}) {
  const rules = LANGUAGES[state.facet(language)?.name];
  if (!rules) return [];
  const tree = (parse && ensureSyntaxTree(state, to, PARSE_WITHIN_MS)) || syntaxTree(state);
  const key = `${from}:${to}`;
  const kept = known.get(tree);
  if (kept?.key === key) return kept.symbols;
  const symbols = walk(tree, state.doc, rules, { from, to });
  known.set(tree, { key, symbols });
  return symbols;
}
