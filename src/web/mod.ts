/** web: middlewares and views shared by the Platform and the Runtime. Views are functions of plain props; routes live with their owner. */
export { assetRoutes, assetUrl } from './assets.ts'
export { limitBody, parseInput, readForm, readJson } from './body.ts'
export { refuseCrossSite } from './cross-site.ts'
export {
  type BridgeView,
  type ComponentView,
  DeploymentView,
  type DeploymentViewProps,
  deploymentRegions,
} from './deployment-view.tsx'
export { ErrorPage } from './error-page.tsx'
export {
  PageNotFound,
  RequestTooLarge,
} from './errors.ts'
export { onFailure, onNotFound, wantsPage } from './failures.ts'
export { Ago, Count, Id } from './figures.tsx'
export { FlowPicture, type FlowProps, flowInWords } from './flow-picture.tsx'
export { Field } from './form.tsx'
export {
  formatAgo,
  formatBytes,
  formatCount,
  formatDuration,
  formatInstant,
  formatRate,
  grouped,
  shortId,
} from './format.ts'
export { Layout, type LayoutProps } from './layout.tsx'
export {
  type LivePage,
  type LiveStreams,
  liveStreams,
} from './live.ts'
export { Empty, type Need, Needs, Tiles } from './overview.tsx'
export type { NavEntry, Place } from './place.ts'
export { type Problem, problem, problemOf } from './problem.ts'
export { Region, type Regions } from './region.tsx'
export { type RequestIdVariables, requestIds } from './request-id.ts'
export { SecretOnce } from './secret-once.tsx'
export { CONTENT_SECURITY_POLICY, securityHeaders } from './security-headers.ts'
export {
  OneTimeLinkPage,
  SignInPage,
} from './sign-in-page.tsx'
export { State, type StateWord, wordOf } from './state.tsx'
export { Table } from './table.tsx'
export { renderPage, type View } from './view.ts'
