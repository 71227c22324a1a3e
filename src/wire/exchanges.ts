/** Every exchange of C2: who asks whom, and what goes each way (PROTOCOL.md, One signed message). */
import { CodeAnswer, CodeChunk, DeploymentAnswer, DeploymentRequest } from './deployment.ts'
import { defineExchange } from './exchange.ts'
import { Heartbeat, HeartbeatAnswer, Inventory, Ping } from './heartbeat.ts'
import { Acknowledgement, AuditLogs, StatusReport } from './report.ts'

/** Twice a message's lifetime: a heartbeat's effect is the same however often it comes, so its answer need not live long. */
const HEARTBEAT_ANSWER_KEPT_MS = 120_000

/** The exchanges by name. From the Runtime: heartbeat, auditLogs, status. From the Platform: ping, deployment, code. */
export const exchanges = {
  heartbeat: defineExchange({
    typ: 'heartbeat',
    payload: Heartbeat,
    answer: HeartbeatAnswer,
    answerKeptMs: HEARTBEAT_ANSWER_KEPT_MS,
  }),
  ping: defineExchange({ typ: 'ping', payload: Ping, answer: Inventory }),
  deployment: defineExchange({ typ: 'deployment', payload: DeploymentRequest, answer: DeploymentAnswer }),
  code: defineExchange({ typ: 'code', payload: CodeChunk, answer: CodeAnswer }),
  auditLogs: defineExchange({ typ: 'audit-logs', payload: AuditLogs, answer: Acknowledgement }),
  status: defineExchange({ typ: 'status', payload: StatusReport, answer: Acknowledgement }),
}
