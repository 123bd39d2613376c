import { describe, expect, test } from 'vitest'
import { breaksBetween } from './breaks.mjs'

const report = (types) => `\`\`\`ts\n${types}\n\`\`\`\n`
const between = (before, after) => breaksBetween(report(before), report(after))

describe('changes that break a program', () => {
  test.each([
    ['a type is removed', 'export interface A { b: string; }', '', ['A is removed']],
    ['a function is removed', 'export function f(): void;', '', ['f() is removed']],
    [
      'a member is removed',
      'export interface A { b: string; c: string; }',
      'export interface A { b: string; }',
      ['A.c is removed'],
    ],
    [
      'a static member is removed',
      'export namespace C { var x: string; }',
      'export namespace C { }',
      ['C.x is removed'],
    ],
    ['a union loses a member', "export type T = 'a' | 'b';", "export type T = 'a';", ["T has lost 'b'"]],
    [
      'an argument becomes another',
      'export function f(a: string): void;',
      'export function f(a: number): void;',
      ['f() has lost (_: string) => void and has (_: number) => void'],
    ],
    [
      'an argument becomes required',
      'export function f(a?: string): void;',
      'export function f(a: string): void;',
      ['f() has lost (_?: string) => void and has (_: string) => void'],
    ],
    [
      'a result gets wider',
      'export function f(): string;',
      'export function f(): string | undefined;',
      ['f() has lost () => string and has () => string | undefined'],
    ],
    [
      'a member becomes optional',
      'export interface A { b: string; }',
      'export interface A { b?: string; }',
      ['A.b became optional'],
    ],
    [
      'an option becomes required',
      'export interface A { b?: string; }\nexport function f(a: A): void;',
      'export interface A { b: string; }\nexport function f(a: A): void;',
      ['A.b was optional'],
    ],
    [
      'there is a new option that callers have to give',
      'export interface A { }\nexport function f(a: A): void;',
      'export interface A { b: string; }\nexport function f(a: A): void;',
      ['A.b is new, and callers have to give it'],
    ],
    [
      'a type under another name',
      'interface A_2 { b: string; }\nexport { A_2 as A }',
      'interface A_2 { }\nexport { A_2 as A }',
      ['A.b is removed'],
    ],
    [
      'a class has another base',
      'export class A extends B<string> { }',
      'export class A extends B<number> { }',
      ['A extends B<string> is removed'],
    ],
  ])('%s', (_, before, after, breaks) => expect(between(before, after)).toEqual(breaks))
})

describe('changes that do not break a program', () => {
  test.each([
    ['a new type', '', 'export interface A { b: string; }'],
    [
      'a new option',
      'export interface A { }\nexport function f(a: A): void;',
      'export interface A { b?: string; }\nexport function f(a: A): void;',
    ],
    [
      'another field of a result',
      'export interface A { }\nexport function f(): A;',
      'export interface A { b: string; }\nexport function f(): A;',
    ],
    [
      'another field of what a callback gets',
      'export interface A { }\nexport function f(g: (a: A) => void): void;',
      'export interface A { b: string; }\nexport function f(g: (a: A) => void): void;',
    ],
    ['another member of a union', "export type T = 'a';", "export type T = 'a' | 'b';"],
    [
      'an overload',
      'export function f(a: string): void;',
      'export function f(a: string): void;\nexport function f(a: number): void;',
    ],
    ['an optional parameter', 'export function f(a: string): void;', 'export function f(a: string, b?: number): void;'],
    [
      'names of parameters, comments and order',
      "export function f(a: string): 'x' | 'y';\nexport type T = 1;",
      "export type T = 1;\n// a comment\nexport function f(b: string): 'y' | 'x';",
    ],
  ])('%s', (_, before, after) => expect(between(before, after)).toEqual([]))
})
