/** Blueprints that tests deploy. */

/** From `factory-01` across a bridge to `cloud-01`. */
export const crossing = `blueprint: orders
systems:
  factory: { runtime: factory-01 }
  cloud: { runtime: cloud-01 }
components:
  orders: { type: csv_file, on: factory, config: { paths: ["in/*.csv"] } }
  tidy: { type: map, on: factory, from: orders, config: { drop: [note] } }
  kept: { type: json_lines_file, on: cloud, from: tidy, config: { path: out/orders.jsonl } }
`

/** On `factory-01` alone. */
export const local = `blueprint: orders
systems:
  factory: { runtime: factory-01 }
components:
  orders: { type: csv_file, on: factory, config: { paths: ["in/*.csv"] } }
  kept: { type: json_lines_file, on: factory, from: orders, config: { path: out/orders.jsonl } }
`

/** With code. */
export const scripted = `blueprint: scored
systems:
  factory: { runtime: factory-01 }
components:
  orders: { type: csv_file, on: factory, config: { paths: ["in/*.csv"] } }
  score: { type: script, on: factory, from: orders, code: ./score.js }
  kept: { type: json_lines_file, on: factory, from: score, config: { path: out/orders.jsonl } }
`
