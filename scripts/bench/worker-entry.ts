/** The worker of a bench: the product's own, with one more sink. */
import { catalogue } from '../../src/catalogue.ts'
import { runWorker } from '../../src/runtime/mod.ts'
import { overwriteSink } from './overwrite-sink.ts'

await runWorker({ types: new Map([...catalogue, [overwriteSink.type, overwriteSink]]) })
