"""The ports implemented on AWS: DynamoDB, SQS, SNS, and where a catalogue is kept."""
