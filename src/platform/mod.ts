/** platform: the control plane. Tenants, their Runtimes, Blueprints and deployments, and what Runtimes tell of them. */
export type { PlatformConfig, RunningPlatform, TenantPlace } from './config.ts'
export { startPlatform } from './platform.ts'
