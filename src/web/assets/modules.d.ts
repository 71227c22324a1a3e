/** Assets are imported as text, so that the compiled program carries them. */
declare module '*/assets/app.js' {
  const text: string
  export = text
}
declare module '*/assets/charts.js' {
  const text: string
  export = text
}
declare module '*.css' {
  const text: string
  export = text
}
declare module '*/assets/icon.svg' {
  const text: string
  export = text
}
declare module 'htmx.org/dist/htmx.min.js' {
  const text: string
  export = text
}
declare module 'uplot/dist/uPlot.iife.min.js' {
  const text: string
  export = text
}
