"""What a stack costs a month: AWS's prices, times what the deployed code uses for the sample orders."""
