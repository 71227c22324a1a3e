/** What comes into a flow and what leaves it, by the components at its two ends. */

type Wired = { name: string; from: readonly string[] }

/** `in`: which count of which component is what the flow takes in. `out`: components whose output leaves it. */
export type FlowEnds = { in: ReadonlyMap<string, 'messagesIn' | 'messagesOut'>; out: ReadonlySet<string> }

/** Of a list that is still the same the ends are known: the overview asks for those of all flows each second. */
const known = new WeakMap<readonly Wired[], FlowEnds>()

/**
 * A source gives what it reads; behind a bridge a component takes what came over it. What no component here takes further leaves.
 * The list must not be changed after that.
 */
export function endsOf(wiring: readonly Wired[]): FlowEnds {
  const ends = known.get(wiring) ?? findEnds(wiring)
  known.set(wiring, ends)
  return ends
}

function findEnds(wiring: readonly Wired[]): FlowEnds {
  const here = new Set(wiring.map(({ name }) => name))
  const taken = new Set(wiring.flatMap(({ from }) => from))
  const first = wiring.filter(({ from }) => !from.some((name) => here.has(name)))
  return {
    in: new Map(first.map(({ name, from }) => [name, from.length === 0 ? 'messagesOut' : 'messagesIn'])),
    out: new Set([...here].filter((name) => !taken.has(name))),
  }
}

type Told = {
  wiring: readonly Wired[]
  components: readonly { name: string; inPerSecond?: number | undefined; outPerSecond?: number | undefined }[]
}

/** Records a second into and out of deployments; `undefined` where none of them knows its rates. */
export function throughputOf(deployments: readonly Told[]): { in: number | undefined; out: number | undefined } {
  let [comes, goes]: [number | undefined, number | undefined] = [undefined, undefined]
  for (const { wiring, components } of deployments) {
    const ends = endsOf(wiring)
    for (const { name, inPerSecond, outPerSecond } of components) {
      const count = ends.in.get(name)
      const taken = count === 'messagesIn' ? inPerSecond : outPerSecond
      if (count !== undefined && taken !== undefined) comes = (comes ?? 0) + taken
      if (ends.out.has(name) && outPerSecond !== undefined) goes = (goes ?? 0) + outPerSecond
    }
  }
  return { in: comes, out: goes }
}
