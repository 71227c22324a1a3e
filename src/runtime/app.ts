/**
 * What answers on 8752. Machines (probes, Prometheus, the Platform by C2's signed doors) are answered by what a start loads; all that people ask, by a
 * part that is loaded with the first of them: a Runtime that nobody looks at does without 4 MB of pages and API.
 */
import { Hono } from 'hono'
import { SESSION_COOKIE } from '../accounts/mod.ts'
import { type Clock, logOf, type Random } from '../base/mod.ts'
import { c2Routes, frame, healthRoutes, metricsDoor, type PersonEnv, type ServerPlace } from '../server/mod.ts'
import type { Enrolment } from './link/enrolment.ts'
import { type FamiliesDeps, metricFamilies } from './metric-families.ts'
import type { PeopleDeps } from './people-app.ts'

type MachineDeps = FamiliesDeps & {
  metricsToken: Parameters<typeof metricsDoor>[0]['metricsToken']
  enrolment: Pick<Enrolment, 'receive'>
  clock: Clock
  random: Random
  /** What it still waits for, in words that strangers may read. */
  waitsFor: () => Promise<readonly string[]>
}

export type ManagementDeps = MachineDeps & PeopleDeps
export type ManagementApp = {
  fetch(request: Request, bindings: PersonEnv['Bindings']): Response | Promise<Response>
}

export function managementApp(deps: ManagementDeps): ManagementApp {
  const place: ServerPlace = { shown: { kind: 'runtime', name: deps.name }, base: '', cookie: SESSION_COOKIE }
  const machines = machinesApp(deps, place)
  let people: Promise<Hono<PersonEnv>> | undefined
  const loadPeople = async () => (await import('./people-app.ts')).peopleApp(deps, place)
  return {
    async fetch(request, bindings) {
      if (OF_MACHINES.test(new URL(request.url).pathname)) return await machines.fetch(request, bindings)
      people ??= loadPeople()
      return await (await people).fetch(request, bindings)
    },
  }
}

const OF_MACHINES = /^\/(healthz|readyz|metrics|c2\/.*)$/

export function machinesApp(deps: MachineDeps & Pick<ManagementDeps, 'name'>, place: ServerPlace): Hono<PersonEnv> {
  const log = logOf('runtime')
  const app = frame(new Hono<PersonEnv>(), { ...deps, place, log })
  app.route('/', healthRoutes(deps.waitsFor))
  app.route('/', metricsDoor({ metricsToken: deps.metricsToken, families: () => metricFamilies(deps) }))
  app.route('/c2/v1', c2Routes({ receive: (token) => deps.enrolment.receive(token) }, log))
  return app
}
