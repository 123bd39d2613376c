export { interruption } from './interruption.ts'
export { byName, numberAbove0, parseCommand, randomSeed, wholeNumber } from './command-options.ts'
export { random } from './random.ts'
export { runProgram, writeJson } from './run-program.ts'
