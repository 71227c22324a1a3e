/** What we use of the library that lays out flows; a module of its own, so that bundlers keep it apart. */
export { Graph, layout } from '@dagrejs/dagre'
