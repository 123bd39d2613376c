import ts from 'typescript-5.9'

/**
 * The public types of a report, by name: `Topic`, `Topic.name`, `Conf.fromEnv`. Each member has the texts of its types
 * (several where it is a union or has overloads), without parts that callers cannot notice: comments, the names of parameters, order.
 */
export function membersOf(report) {
  const source = ts.createSourceFile('report.d.ts', codeOf(report), ts.ScriptTarget.Latest, true)
  const names = exportedNames(source)
  const inputs = inputsOf(source, names)
  const members = new Map()
  const add = (name, texts, facts = {}) => {
    const known = members.get(name)
    members.set(name, { ...facts, texts: [...(known?.texts ?? []), ...texts] })
  }
  for (const statement of source.statements) addStatement(statement, '', names, inputs, add)
  return members
}

const codeOf = (report) => /```ts\n([\s\S]*?)\n```/.exec(report)?.[1] ?? ''

/** The public name of each declaration, by its name in the report: the two differ where a global has that name. */
function exportedNames(source) {
  const names = new Map()
  for (const statement of source.statements) {
    if (ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause))
      for (const { name, propertyName } of statement.exportClause.elements)
        names.set((propertyName ?? name).text, name.text)
    else if (statement.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword))
      for (const name of namesOf(statement)) names.set(name, name)
  }
  return names
}

const namesOf = (statement) =>
  ts.isVariableStatement(statement)
    ? statement.declarationList.declarations.map(({ name }) => name.getText())
    : [statement.name?.getText() ?? ''].filter(Boolean)

function addStatement(statement, prefix, names, inputs, add) {
  const nameOf = (name) => prefix + (prefix ? name : (names.get(name) ?? name))
  if (ts.isVariableStatement(statement))
    for (const { name, type } of statement.declarationList.declarations)
      add(nameOf(name.getText()), [textOf(type)], { isExported: prefix !== '' || names.has(name.getText()) })
  if (!statement.name) return
  const own = statement.name.getText()
  const name = nameOf(own)
  const facts = { isExported: prefix !== '' || names.has(own) }
  if (ts.isFunctionDeclaration(statement)) add(`${name}()`, [signatureOf(statement)], { ...facts, owner: name })
  if (ts.isModuleDeclaration(statement) && statement.body && ts.isModuleBlock(statement.body))
    for (const inner of statement.body.statements) addStatement(inner, `${name}.`, names, inputs, add)
  if (ts.isTypeAliasDeclaration(statement)) {
    const { type, typeParameters } = statement
    const header = textsOf(typeParameters)
    if (ts.isTypeLiteralNode(type)) {
      add(name, [`type ${header}`], facts)
      addMembers(type, name, inputs.get(own), facts, add)
    } else if (ts.isUnionTypeNode(type))
      add(
        name,
        type.types.map((one) => header + textOf(one)),
        { ...facts, isUnion: true },
      )
    else add(name, [header + textOf(type)], facts)
  }
  if (ts.isInterfaceDeclaration(statement) || ts.isClassDeclaration(statement)) {
    add(name, [`type ${textsOf(statement.typeParameters)}`], facts)
    for (const { types } of statement.heritageClauses ?? [])
      for (const base of types) add(`${name} extends ${textOf(base)}`, [''], facts)
    addMembers(statement, name, inputs.get(own), facts, add)
  }
}

function addMembers({ members }, owner, isInput, facts, add) {
  for (const member of members) {
    const name = member.name
      ? `${owner}.${member.name.getText()}`
      : ts.isConstructorDeclaration(member)
        ? `new ${owner}()`
        : `${owner}()`
    const isOptional = !!member.questionToken
    add(name, [memberText(member)], { ...facts, owner, isOptional, isInput })
  }
}

function memberText(member) {
  if (ts.isIndexSignatureDeclaration(member)) return textOf(member)
  if ('parameters' in member) return signatureOf(member)
  const isReadonly = member.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ReadonlyKeyword)
  return (isReadonly ? 'readonly ' : '') + textOf(member.type)
}

/** Separates the parameters in the text of a signature, so that a further optional parameter is recognised. */
export const PARAMETER = '\u0000'

function signatureOf({ typeParameters, parameters, type }) {
  const head = `${textsOf(typeParameters)} => ${textOf(type)}`
  return [head, ...parameters.map(textOf)].join(PARAMETER)
}

const textsOf = (nodes) => (nodes?.length ? `<${nodes.map(textOf).join(', ')}>` : '')

/** The text of a type in one form. */
function textOf(node) {
  if (!node) return ''
  if (ts.isUnionTypeNode(node)) return node.types.map(textOf).sort(byText).join(' | ')
  if (ts.isParameter(node)) {
    const { dotDotDotToken, questionToken, type } = node
    return `${dotDotDotToken ? '...' : ''}_${questionToken ? '?' : ''}: ${textOf(type)}`
  }
  const children = node.getChildren().filter((child) => !ts.isJSDoc(child))
  return children.length === 0 ? node.getText() : tidy(children.map(textOf).filter(Boolean).join(' '))
}

const byText = (a, b) => (a < b ? -1 : 1)

/** Tokens as one writes them. */
const tidy = (tokens) => tokens.replace(/ (?=[<>,;:?()[\].])/g, '').replace(/(?<=[<([.]) /g, '')

/** Of each declared type, whether callers make values of it: where it is a parameter, or part of one. */
function inputsOf(source, names) {
  const types = source.statements.filter(isType)
  const inputs = new Map()
  const seen = new Set()
  const reach = (name, isInput) => {
    const found = types.filter((type) => type.name.text === name)
    if (found.length === 0 || seen.has(`${name} ${isInput}`)) return
    seen.add(`${name} ${isInput}`)
    inputs.set(name, isInput || (inputs.get(name) ?? false))
    for (const type of found) visit(type, isInput)
  }
  const visit = (node, isInput) => {
    if (ts.isTypeReferenceNode(node)) reach(node.typeName.getText(), isInput)
    if (ts.isExpressionWithTypeArguments(node)) reach(node.expression.getText(), isInput)
    // A parameter goes the other way than the function that has it.
    ts.forEachChild(node, (child) => visit(child, ts.isParameter(child) ? !isInput : isInput))
  }
  for (const statement of source.statements) if (!isType(statement)) visit(statement, false)
  // A type that no function has is one that callers may make.
  for (const name of names.keys()) if (!inputs.has(name)) reach(name, true)
  return inputs
}

const isType = (node) => ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)
