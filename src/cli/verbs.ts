/**
 * The verbs by their headings, in the order of the help. What a verb is made of is loaded when it is called: a Runtime, and each of
 * its workers, holds the code of its own verb alone; only the help of all, and a word that is none of them, needs every one.
 */
import type { Command } from 'commander'
import type { CliContext } from './context.ts'

type Add = (program: Command, context: CliContext) => void
/** `words`: the first words that it adds. */
type Verbs = { words: readonly string[]; load: () => Promise<Add> }

export const VERBS: readonly { heading: string; verbs: readonly Verbs[] }[] = [
  {
    heading: 'Begin here:',
    verbs: [{ words: ['demo'], load: async () => (await import('./verbs/demo.ts')).addDemoVerb }],
  },
  {
    heading: 'Servers:',
    verbs: [
      { words: ['platform'], load: async () => (await import('./verbs/platform.ts')).addPlatformVerb },
      {
        words: ['runtime', 'copy-database', 'data-worker', 'connector-worker', 'worker'],
        load: async () => (await import('./verbs/runtime.ts')).addRuntimeVerbs,
      },
      { words: ['config'], load: async () => (await import('./verbs/config.ts')).addConfigVerb },
    ],
  },
  {
    heading: 'On the Platform:',
    verbs: [
      {
        words: ['enrolment-code'],
        load: async () => (await import('./verbs/enrolment-code.ts')).addEnrolmentCodeVerbs,
      },
      { words: ['blueprint'], load: async () => (await import('./verbs/blueprint.ts')).addBlueprintVerbs },
    ],
  },
  {
    heading: 'On a Runtime, by its owner:',
    verbs: [
      { words: ['peer'], load: async () => (await import('./verbs/peer.ts')).addPeerVerbs },
      { words: ['policy'], load: async () => (await import('./verbs/policy.ts')).addPolicyVerbs },
      { words: ['drift'], load: async () => (await import('./verbs/drift.ts')).addDriftVerbs },
      { words: ['network'], load: async () => (await import('./verbs/network.ts')).addNetworkVerbs },
      { words: ['certificate'], load: async () => (await import('./verbs/certificate.ts')).addCertificateVerbs },
      { words: ['doctor'], load: async () => (await import('./verbs/doctor.ts')).addDoctorVerb },
      { words: ['metrics-token'], load: async () => (await import('./verbs/metrics-token.ts')).addMetricsTokenVerbs },
      { words: ['credential'], load: async () => (await import('./verbs/credential.ts')).addCredentialVerbs },
      { words: ['alert'], load: async () => (await import('./verbs/alert.ts')).addAlertVerbs },
      { words: ['library'], load: async () => (await import('./verbs/library.ts')).addLibraryVerbs },
      { words: ['dead-letter'], load: async () => (await import('./verbs/dead-letter.ts')).addDeadLetterVerbs },
      { words: ['key', 'recovery'], load: async () => (await import('./verbs/key.ts')).addKeyVerbs },
      { words: ['backup', 'restore'], load: async () => (await import('./verbs/backup.ts')).addBackupVerbs },
    ],
  },
  {
    heading: 'Datasets of a Runtime:',
    verbs: [
      { words: ['data-tenant'], load: async () => (await import('./verbs/data-tenant.ts')).addDataTenantVerbs },
      { words: ['dataset'], load: async () => (await import('./verbs/dataset.ts')).addDatasetVerbs },
      { words: ['token'], load: async () => (await import('./verbs/upload-token.ts')).addUploadTokenVerbs },
      { words: ['connector'], load: async () => (await import('./verbs/connector.ts')).addConnectorVerbs },
      { words: ['upload'], load: async () => (await import('./verbs/upload.ts')).addUploadVerb },
    ],
  },
  {
    heading: 'On either:',
    verbs: [
      { words: ['status'], load: async () => (await import('./verbs/status.ts')).addStatusVerbs },
      { words: ['logs'], load: async () => (await import('./verbs/logs.ts')).addLogVerb },
      { words: ['deployment'], load: async () => (await import('./verbs/deployment.ts')).addDeploymentVerbs },
      { words: ['audit'], load: async () => (await import('./verbs/audit.ts')).addAuditVerbs },
      { words: ['user'], load: async () => (await import('./verbs/user.ts')).addUserVerbs },
      { words: ['session'], load: async () => (await import('./verbs/session.ts')).addSessionVerbs },
      { words: ['api-token'], load: async () => (await import('./verbs/api-token.ts')).addApiTokenVerbs },
    ],
  },
  {
    heading: 'About:',
    verbs: [{ words: ['version'], load: async () => (await import('./verbs/version.ts')).addVersionVerb }],
  },
]
