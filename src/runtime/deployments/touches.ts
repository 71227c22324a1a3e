/** What one component reaches outside its own process, as its type's definition says of its config. */
import type { AssignedComponent } from '../../wire/mod.ts'

export type Touches = {
  paths?: readonly string[] | undefined
  hosts?: readonly string[] | undefined
  tables?: readonly string[] | undefined
  credentials?: readonly string[] | undefined
  libraries?: readonly string[] | undefined
  script?: 'sandboxed' | 'native' | undefined
}
export type ComponentRole = 'source' | 'transform' | 'sink'
export type TouchesOf = (component: AssignedComponent) => { role: ComponentRole; touches: Touches }
