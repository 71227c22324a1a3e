/** A deployment over two systems, as views take it. */
import type { ComponentView, DeploymentViewProps } from '../../../src/web/mod.ts'

export function componentView(
  name: string,
  from: string[],
  system = 'factory',
  more: Partial<ComponentView> = {},
): ComponentView {
  const counts = {
    messagesIn: 10,
    messagesOut: 12_345,
    bytesIn: 1,
    bytesOut: 1_800,
    errors: 0,
    retries: 0,
    refused: 0,
    executionMs: 5,
  }
  return { name, type: 'map', system, from, state: 'running', ...counts, ...more }
}

export function deploymentProps(more: Partial<DeploymentViewProps> = {}): DeploymentViewProps {
  return {
    id: 'dep_0199aaaa-1111-7abc-8def-0123456789ab',
    version: 7,
    state: 'running',
    reasons: [],
    nowMs: 1_000_000,
    sinceMs: 400_000,
    systems: [{ name: 'factory', place: 'factory-01' }, { name: 'cloud' }],
    components: [
      componentView('orders', []),
      componentView('tidy', ['orders'], 'factory', { refused: 14 }),
      componentView('warehouse', ['tidy'], 'cloud', {
        state: 'failed',
        reason: { code: 'sink.refused', item: 'orders' },
      }),
    ],
    bridges: [
      {
        id: 'br_0199aaaa-2222-7abc-8def-0123456789ab',
        from: 'tidy',
        to: ['warehouse'],
        state: 'up',
        suite: 'Noise_KKpsk0_P256_AESGCM_SHA256',
        frames: 3,
        bytes: 4_000,
        rotations: 1,
        keyAgeMs: 240_000,
      },
    ],
    ...more,
  }
}
