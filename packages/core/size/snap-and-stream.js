export { snap, stream } from '@snapstream/core'
