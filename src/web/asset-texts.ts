/** The texts of the files that pages load; a module of its own, so that they are in memory only once a page was asked for. */
import htmx from 'htmx.org/dist/htmx.min.js' with { type: 'text' }
import uplot from 'uplot/dist/uPlot.iife.min.js' with { type: 'text' }
import uplotStyle from 'uplot/dist/uPlot.min.css' with { type: 'text' }
import app from './assets/app.js' with { type: 'text' }
import charts from './assets/charts.css' with { type: 'text' }
import chartScript from './assets/charts.js' with { type: 'text' }
import flow from './assets/flow.css' with { type: 'text' }
import forms from './assets/forms.css' with { type: 'text' }
import frame from './assets/frame.css' with { type: 'text' }
import icon from './assets/icon.svg' with { type: 'text' }
import nav from './assets/nav.css' with { type: 'text' }
import parts from './assets/parts.css' with { type: 'text' }
import small from './assets/small.css' with { type: 'text' }
import tables from './assets/tables.css' with { type: 'text' }
import texts from './assets/texts.css' with { type: 'text' }
import tokens from './assets/tokens.css' with { type: 'text' }

export const ASSET_TEXTS = {
  'sluice.css': [tokens, frame, nav, parts, tables, flow, charts, forms, texts, small].join('\n'),
  'app.js': app,
  'htmx.js': htmx,
  'uplot.css': uplotStyle,
  'uplot.js': uplot,
  'charts.js': chartScript,
  'icon.svg': icon,
}
