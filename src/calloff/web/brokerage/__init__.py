"""From a request for support to a package called off: the acts of brokers, approvers and providers."""
