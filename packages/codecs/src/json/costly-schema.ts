/** The most nodes of a schema when each `$ref` is replaced by its target. */
const MOST_NODES = 10_000
/** The most ways in which a pattern may be tried at one position. */
const MOST_WAYS = 100
/** The formats of ajv-formats whose check takes time that grows with the square of the text's length. */
const COSTLY_FORMATS: ReadonlySet<unknown> = new Set(['url'])
/** Keywords that may check the same part of a value more than once. */
const REPEATS =
  /^(allOf|anyOf|oneOf|not|if|contains|patternProperties|dependencies|dependentSchemas|unevaluated(Items|Properties)|propertyNames)$/

/**
 * Whether the check of a value may take time that grows faster than its length: because of a pattern that can be tried in
 * many ways, or of references that check the same part repeatedly. It errs on the side of caution.
 */
export function isCostly(schemas: readonly unknown[]): boolean {
  const weights = new Map<object, number>()
  let repeats = false
  let recursive = false
  let costly = false

  function weigh(node: unknown, root: unknown): number {
    if (typeof node !== 'object' || node === null) return 1
    const known = weights.get(node)
    if (known === 0) recursive = true
    if (known !== undefined) return known
    weights.set(node, 0)
    let weight = 1
    for (const [name, value] of Object.entries(node) as [string, unknown][]) {
      if (name === 'pattern' && typeof value === 'string' && !isLinear(value)) costly = true
      if (name === 'format' && COSTLY_FORMATS.has(value)) costly = true
      if (name === 'patternProperties' && typeof value === 'object' && value !== null)
        costly ||= Object.keys(value).some((pattern) => !isLinear(pattern))
      if (REPEATS.test(name)) repeats = true
      if (/^\$(dynamic|recursive)?Ref$|^\$ref$/.test(name) && typeof value === 'string') {
        const target = name === '$ref' ? find(root, value) : undefined
        if (target === undefined) recursive = true
        weight += weigh(target, root)
      } else weight += weigh(value, root)
    }
    weights.set(node, weight)
    return weight
  }

  const weight = schemas.reduce((sum: number, schema) => sum + weigh(schema, schema), 0)
  return costly || (repeats && (recursive || weight > MOST_NODES))
}

/** The target of a reference within the schema; undefined for any other reference. */
function find(root: unknown, reference: string): unknown {
  if (reference !== '#' && !reference.startsWith('#/')) return undefined
  let node = root
  for (const step of reference.split('/').slice(1)) {
    const name = unescaped(step)
    if (typeof node !== 'object' || node === null || !Object.hasOwn(node, name)) return undefined
    node = (node as Readonly<Record<string, unknown>>)[name]
  }
  return node
}

function unescaped(step: string): string {
  try {
    return decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    return step
  }
}

const TOKEN = /\\(?:[1-9k])|\\.|\[(?:\\.|[^\]\\])*\]|\(\?(?:[=!]|<[=!])|\(|\)|\||[*+]\??|\?\??|\{\d+(?:,\d*)?\}\??|[^]/g

/**
 * Whether a regular expression takes linear time for certain: at most one part repeats without a bound, and then from the
 * start of the text; no group repeats, and few parts are optional.
 */
export function isLinear(pattern: string): boolean {
  let unbounded = 0
  let ways = 1
  let before = ''
  let alternatives = false
  for (const [token] of pattern.matchAll(TOKEN)) {
    if (/^\\[1-9k]$|^\(\?[=!<]/.test(token)) return false
    const [, least, comma, most] = /^\{(\d+)(,?)(\d*)\}/.exec(token) ?? []
    const isQuantifier = least !== undefined || /^[*+?]/.test(token)
    if (isQuantifier && before === ')' && !token.startsWith('?')) return false
    if (token === '|') {
      alternatives = true
      ways *= 2
    } else if (/^[*+]/.test(token) || (comma === ',' && most === '')) unbounded++
    else if (isQuantifier && before !== '(') ways *= least === undefined ? 2 : Number(most || least) - Number(least) + 1
    before = token
  }
  return ways <= MOST_WAYS && (unbounded === 0 || (unbounded === 1 && !alternatives && pattern.startsWith('^')))
}
