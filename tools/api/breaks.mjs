import { PARAMETER, membersOf } from './members.mjs'

/**
 * The breaks between two reports, one sentence each: changes after which a program that compiled may not compile. An addition
 * is not a break: a member that callers may leave out, another member of a union, an overload, an optional parameter. Any
 * other change of a type counts as a break, because a program may depend on it.
 */
export function breaksBetween(before, after) {
  const old = membersOf(before)
  const now = membersOf(after)
  return [...removed(old, now), ...changed(old, now), ...required(old, now)].sort()
}

/** A type that is not exported is only public where it is used, and there its name is part of another member. */
const isGone = (now, name, { isExported }) => isExported && !now.has(name)

function removed(old, now) {
  return [...old]
    .filter(([name, member]) => isGone(now, name, member) && !(member.owner && isMissing(old, now, member.owner)))
    .map(([name]) => `${name} is removed`)
}

/** Whether a whole type is missing: its members are then not listed one by one. */
const isMissing = (old, now, name) => old.has(name) && !now.has(name)

function changed(old, now) {
  return [...old].flatMap(([name, member]) => {
    const later = now.get(name)
    if (!later) return []
    if (member.isOptional && !later.isOptional) return [`${name} was optional`]
    if (!member.isOptional && later.isOptional) return [`${name} became optional`]
    const gone = member.texts.filter((text) => !later.texts.some((one) => isSameOrMore(text, one)))
    const added = later.texts.filter((text) => !member.texts.includes(text))
    if (gone.length === 0) return []
    return [`${name} has lost ${shown(gone)}${added.length > 0 ? ` and has ${shown(added)}` : ''}`]
  })
}

function required(old, now) {
  return [...now]
    .filter(([name, { owner, isOptional, isInput }]) => isInput && !isOptional && !old.has(name) && old.has(owner))
    .map(([name]) => `${name} is new, and callers have to give it`)
}

/** The same type, or a signature with further parameters that may be left out. */
function isSameOrMore(before, after) {
  if (before === after) return true
  if (!after.startsWith(before + PARAMETER)) return false
  const parameters = after.slice(before.length + 1).split(PARAMETER)
  return parameters.every((one) => one.startsWith('_?') || one.startsWith('...'))
}

/** Types as they are written. */
function shown(texts) {
  const written = texts.map((text) => {
    const [head, ...parameters] = text.split(PARAMETER)
    const [generic, result] = head.split(/ => (.*)/s)
    return result === undefined ? head : `${generic}(${parameters.join(', ')}) => ${result}`
  })
  return written.join(' | ')
}
