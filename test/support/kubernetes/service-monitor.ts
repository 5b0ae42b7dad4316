/** The Prometheus operator's ServiceMonitor (monitoring.coreos.com/v1), as far as ours goes. */
export interface IServiceMonitor {
  apiVersion: 'monitoring.coreos.com/v1';
  kind: 'ServiceMonitor';
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  spec: {
    selector: { matchLabels?: Record<string, string> };
    endpoints: { port?: string; path?: string; interval?: string; scrapeTimeout?: string }[];
  };
}
