/** Files embedded as text by `import … with { type: 'text' }`. */
declare module '*.csv' {
  const text: string
  export default text
}
declare module '*.yaml' {
  const text: string
  export default text
}
