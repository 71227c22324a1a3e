/**
 * The library of expressions, loaded at the first one: loading takes 20 ms and 12 MB, and a Runtime at rest has none.
 * CommonJS, because compiling is synchronous and a `require` here is what every host and the bundler understand alike.
 */
import type * as Cel from '@marcbachmann/cel-js'

function cel(): typeof Cel {
  return require('@marcbachmann/cel-js')
}

export = { cel }
