/**
 * What pages need only once somebody opens one, loaded then: a Runtime that nobody looks at has none of it.
 * CommonJS, because pages are rendered synchronously and a `require` here is what every host and the bundler understand alike.
 */
import type { ASSET_TEXTS } from './asset-texts.ts'
import type { Graph, layout } from './dagre.ts'

function assetTexts(): typeof ASSET_TEXTS {
  return require('./asset-texts.ts').ASSET_TEXTS
}

function dagre(): { Graph: typeof Graph; layout: typeof layout } {
  return require('./dagre.ts')
}

export = { assetTexts, dagre }
