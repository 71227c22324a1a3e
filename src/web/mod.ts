/** web: middlewares and views shared by the Platform and the Runtime. Views are functions of plain props; routes live with their owner. */
export { assetRoutes, assetUrl } from './assets.ts'
export {
  BODY_BYTES_MAX,
  checkField,
  limitBody,
  limitOtherBodies,
  listField,
  parseInput,
  readForm,
  readJson,
  readUpload,
} from './body.ts'
export {
  CHART_RANGES,
  type ChartFigures,
  type ChartRange,
  Charts,
  type ChartWindow,
  chartRegions,
  readRange,
} from './chart.tsx'
export { ConfirmPage } from './confirm-page.tsx'
export { refuseCrossSite } from './cross-site.ts'
export { DangerForm, type DangerFormProps, requireTyped } from './danger-form.tsx'
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
export { Ago, ByteCount, CopyButton, Count, Id, Rate } from './figures.tsx'
export { Filters } from './filters.tsx'
export { FlowPicture, type FlowProps, type FlowRemote, flowInWords } from './flow-picture.tsx'
export {
  Check,
  Choices,
  type Failure,
  Field,
  FileField,
  Form,
  FormError,
  Select,
  TextArea,
} from './form.tsx'
export { type FieldErrors, type FormFailure, formFailure } from './form-failure.ts'
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
export { Layout, type LayoutProps, PlainLayout } from './layout.tsx'
export { diffLines } from './line-diff.ts'
export { type Listing, pageOf, readListing } from './listing.ts'
export {
  type LivePage,
  type LiveStreams,
  liveStreams,
} from './live.ts'
export { Empty, type Need, Needs, type Tile, Tiles } from './overview.tsx'
export type { NavEntry, Place } from './place.ts'
export { type Problem, problem, problemOf } from './problem.ts'
export { QrCode } from './qr-code.tsx'
export { Region, type Regions } from './region.tsx'
export { type RequestIdVariables, requestIds } from './request-id.ts'
export { SecretOnce } from './secret-once.tsx'
export { CONTENT_SECURITY_POLICY, securityHeaders } from './security-headers.ts'
export {
  OneTimeLinkPage,
  SecondStepPage,
  SignInPage,
} from './sign-in-page.tsx'
export { State, type StateWord, unsaid, wordOf } from './state.tsx'
export { Rows, Table, type TableRow } from './table.tsx'
export { Code, Diff, Facts, Notice } from './texts.tsx'
export { renderPage, type View } from './view.ts'
