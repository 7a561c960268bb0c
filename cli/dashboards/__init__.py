"""The dashboards of Grafana: what each shows, written as values and laid out by one hand."""
