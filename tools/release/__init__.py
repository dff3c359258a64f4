"""AWS and the cluster from outside: deploying, going back, taking down, and the questions asked in between."""
