/** web: middlewares and views shared by the Platform and the Runtime. Views are functions of plain props; routes live with their owner. */
export { assetRoutes } from './assets.ts'
export {
  BODY_BYTES_MAX,
  checkField,
  limitBody,
  limitOtherBodies,
  limitStreamedBody,
  listField,
  parseInput,
  readForm,
  readJson,
  readUpload,
} from './body.ts'
export { type ChartFigures, Charts, chartRegions } from './chart.tsx'
export { CARRIED_PREFIX, type CarriedForm, ConfirmPage } from './confirm-page.tsx'
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
export { MediaTypeUnsupported, PageNotFound, RequestTooLarge } from './errors.ts'
export { onFailure, onNotFound, wantsPage } from './failures.ts'
export { Ago, ByteCount, CopyButton, Count, Id, Rate } from './figures.tsx'
export { Filters } from './filters.tsx'
export type { FlowRemote } from './flow-picture.tsx'
export {
  Check,
  type Failure,
  Field,
  FileField,
  Form,
  FormError,
  NameField,
  Select,
  TextArea,
} from './form.tsx'
export { type FieldErrors, type FormFailure, formFailure } from './form-failure.ts'
export {
  formatBytes,
  formatDuration,
  formatInstant,
  grouped,
} from './format.ts'
export { Icon } from './icon.tsx'
export { Layout, PlainLayout } from './layout.tsx'
export { Level } from './level.tsx'
export { diffLines } from './line-diff.ts'
export { type Listing, pageOf, readListing } from './listing.ts'
export { type Feed, type LivePage, type LiveStreams, liveStreams } from './live.ts'
export { Empty, type Need, Needs, type Tile, Tiles } from './overview.tsx'
export type { NavEntry, Place } from './place.ts'
export { type Problem, problem, problemOf } from './problem.ts'
export { QrCode } from './qr-code.tsx'
export { Region, type Regions } from './region.tsx'
export { type RequestIdVariables, requestIds } from './request-id.ts'
export { SecretOnce } from './secret-once.tsx'
export { securityHeaders } from './security-headers.ts'
export {
  OneTimeLinkPage,
  SecondStepPage,
  SignInPage,
} from './sign-in-page.tsx'
export { componentWordOf, State, unsaid, wordOf } from './state.tsx'
export { Rows, Table, type TableRow } from './table.tsx'
export { Code, Diff, Facts, Notice } from './texts.tsx'
export { renderPage, type View } from './view.ts'
export { Words } from './words.tsx'
