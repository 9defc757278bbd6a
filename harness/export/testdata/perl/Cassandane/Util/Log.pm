# Stands in for Cassandane's log where only the syntax of a test is checked.
package Cassandane::Util::Log;
use strict;
use warnings;

1;
