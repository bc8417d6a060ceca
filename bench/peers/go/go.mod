module tailrace/bench

go 1.19
