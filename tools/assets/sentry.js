// What static/monitoring.js uses of @sentry/browser; build.sh makes vendor/sentry-… of it.
export { browserTracingIntegration, init, makeFetchTransport, replayIntegration } from "@sentry/browser";
