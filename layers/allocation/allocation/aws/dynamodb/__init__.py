"""Records, consignments and limits in DynamoDB."""
