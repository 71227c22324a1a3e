/** blueprint: the document that says what runs where and how records flow; lint and compile. */
export {
  compileBlueprint,
  type Target,
} from './compile.ts'
export { BLUEPRINT_BYTES_MAX } from './document.ts'
export { BlueprintInvalid, type Finding, formatFinding } from './findings.ts'
export { lintBlueprint } from './lint.ts'
export type { Catalogue } from './lint-scope.ts'
export { Blueprint } from './schema.ts'
