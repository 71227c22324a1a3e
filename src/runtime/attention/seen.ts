/** What all watches are shown: the figures of the status, found once for all of them. */
import type { DiskSpace } from '../../host/mod.ts'
import type { DeploymentDetail } from '../deployment-detail.ts'
import type { PlatformSeen } from './platform.ts'

export type Seen = PlatformSeen & { disk: DiskSpace; deployments: readonly DeploymentDetail[] }
