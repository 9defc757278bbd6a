# Stands in for Cassandane's own where only the syntax of a test is checked.
package Cassandane::Config;
use strict;
use warnings;

1;
