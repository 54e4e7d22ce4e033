// BrokerMetrics: the broker's figures for Prometheus, gathered when they are asked for. Names are those of Apache's own
// exporter where it has the figure.
#pragma once

#include <string>

namespace mqctl {

class BrokerController;

// Of a broker that has started.
std::string broker_metrics(BrokerController& broker);

}  // namespace mqctl
