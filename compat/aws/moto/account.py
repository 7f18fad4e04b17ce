"""The account that every case starts from, made with boto3 on a moto server.

`build` returns names for the ids of what was made. Cases write a name as `@name@`, and recordings hold it
instead of the id, so a name that is in use keeps its meaning.
"""

import datetime
import io
import json
import time
import urllib.parse
import urllib.request
import zipfile

import boto3
from botocore.config import Config

REGION = "us-east-1"
ACCOUNT = "123456789012"
# One of the images that moto knows from the start.
IMAGE = "ami-12c6146b"
ZONES = {"a": "us-east-1a", "b": "us-east-1b", "c": "us-east-1c"}


class Account:
    """Clients for one server, and the names that were given so far."""

    def __init__(self, url):
        self.url = url
        self.names = {"account": ACCOUNT, "image": IMAGE}
        self.clients = {}

    def client(self, service, region=REGION):
        if (service, region) not in self.clients:
            self.clients[service, region] = boto3.client(
                service,
                region_name=region,
                endpoint_url=self.url,
                aws_access_key_id="seed",
                aws_secret_access_key="seed",
                config=Config(retries={"total_max_attempts": 1}),
            )
        return self.clients[service, region]

    def instances(self, count, subnet, **tags):
        """Runs instances in one reservation, and gives their ids."""
        tagged = [{"ResourceType": "instance", "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}]
        made = self.client("ec2").run_instances(
            ImageId=IMAGE,
            InstanceType="t3.micro",
            MinCount=count,
            MaxCount=count,
            SubnetId=self.names[subnet],
            **({"TagSpecifications": tagged} if tags else {}),
        )
        return [instance["InstanceId"] for instance in made["Instances"]]


def build(url):
    """Makes the whole account, in an order that never changes."""
    account = Account(url)
    for part in (
        network,
        instances,
        volumes,
        scaling_groups,
        load_balancers,
        roles,
        containers,
        databases,
        caches,
        functions,
        alarms_and_rules,
        documents,
        kubernetes,
        map_reduce,
        dns,
        buckets,
        streams,
        fault_injection,
    ):
        part(account, account.names)
    return account


def network(account, names):
    ec2 = account.client("ec2")
    names["vpc"] = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    names["vpc_other"] = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    for number, (letter, zone) in enumerate(ZONES.items()):
        subnet = ec2.create_subnet(VpcId=names["vpc"], CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=zone)
        names[f"subnet_{letter}"] = subnet["Subnet"]["SubnetId"]
    for group in ("web", "db"):
        made = ec2.create_security_group(GroupName=group, Description=f"of {group}", VpcId=names["vpc"])
        names[f"group_{group}"] = made["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=names["group_db"],
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
        ],
    )


def instances(account, names):
    for letter in ZONES:
        (names[f"web_{letter}"],) = account.instances(1, f"subnet_{letter}", Name=f"web-{letter}", tier="web")
    names["twin_1"], names["twin_2"] = account.instances(2, "subnet_a", tier="twin")
    (names["asleep"],) = account.instances(1, "subnet_b", tier="asleep")
    account.client("ec2").stop_instances(InstanceIds=[names["asleep"]])
    ec2 = account.client("ec2")
    request = ec2.request_spot_instances(
        SpotPrice="0.5",
        InstanceCount=1,
        LaunchSpecification={"ImageId": IMAGE, "InstanceType": "t3.micro", "SubnetId": names["subnet_c"]},
    )["SpotInstanceRequests"][0]
    names["spot_request"] = request["SpotInstanceRequestId"]
    names["spot"] = request["InstanceId"]


def volume(account, zone):
    return account.client("ec2").create_volume(AvailabilityZone=ZONES[zone], Size=8)["VolumeId"]


def volumes(account, names):
    ec2 = account.client("ec2")
    names["disk"] = volume(account, "a")
    ec2.attach_volume(VolumeId=names["disk"], InstanceId=names["web_a"], Device="/dev/sdf")
    # As `detach_random_volume` leaves one behind.
    names["disk_detached"] = volume(account, "b")
    mark = f"DeviceName=/dev/sdg;InstanceId={names['web_b']}"
    ec2.create_tags(Resources=[names["disk_detached"]], Tags=[{"Key": "ChaosToolkitDetached", "Value": mark}])


def scaling_groups(account, names):
    ec2, scaling = account.client("ec2"), account.client("autoscaling")
    template = ec2.create_launch_template(
        LaunchTemplateName="node", LaunchTemplateData={"ImageId": IMAGE, "InstanceType": "t3.micro"}
    )
    names["template"] = template["LaunchTemplate"]["LaunchTemplateId"]
    subnets = [names[f"subnet_{letter}"] for letter in ZONES]
    for group, size, zones in (("shop", 0, subnets), ("cart", 1, subnets[:1]), ("vacant", 0, subnets)):
        tags = {"app": group, "env": "test" if group != "vacant" else "none"}
        scaling.create_auto_scaling_group(
            AutoScalingGroupName=group,
            MinSize=0,
            MaxSize=6,
            DesiredCapacity=size,
            LaunchTemplate={"LaunchTemplateId": names["template"], "Version": "$Latest"},
            VPCZoneIdentifier=",".join(zones),
            Tags=[
                {"ResourceId": group, "ResourceType": "auto-scaling-group", "Key": k, "Value": v, "PropagateAtLaunch": True}
                for k, v in tags.items()
            ],
        )
    # moto starts a group's instances in its first subnet only, so these are started one by one.
    for number, letter in enumerate(ZONES, 1):
        (names[f"shop_{number}"],) = account.instances(1, f"subnet_{letter}")
    members = [names[f"shop_{number}"] for number in (1, 2, 3)]
    scaling.attach_instances(AutoScalingGroupName="shop", InstanceIds=members)
    cart = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["cart"])["AutoScalingGroups"][0]
    names["cart_1"] = cart["Instances"][0]["InstanceId"]
    names["disk_shop"] = volume(account, "a")
    ec2.attach_volume(VolumeId=names["disk_shop"], InstanceId=names["shop_1"], Device="/dev/sdh")
    names["disk_cart"] = volume(account, "a")
    mark = f"DeviceName=/dev/sdi;InstanceId={names['cart_1']};ASG=cart"
    ec2.create_tags(Resources=[names["disk_cart"]], Tags=[{"Key": "ChaosToolkitDetached", "Value": mark}])


def load_balancers(account, names):
    elb = account.client("elbv2")
    for name, kind, zones, groups in (
        ("front", "application", "ab", {"SecurityGroups": [names["group_web"]]}),
        ("inner", "network", "a", {}),
    ):
        made = elb.create_load_balancer(
            Name=name, Type=kind, Scheme="internal", Subnets=[names[f"subnet_{z}"] for z in zones], **groups
        )
        names[f"lb_{name}"] = made["LoadBalancers"][0]["LoadBalancerArn"]
    for port, (name, targets) in enumerate(
        (("pages", ("web_a", "web_b", "web_c")), ("single", ("web_a",)), ("nobody", ())), 80
    ):
        made = elb.create_target_group(
            Name=name, Protocol="HTTP", Port=80, VpcId=names["vpc"], TargetType="instance"
        )
        arn = names[f"targets_{name}"] = made["TargetGroups"][0]["TargetGroupArn"]
        if targets:
            elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": names[t], "Port": 80} for t in targets])
            elb.create_listener(
                LoadBalancerArn=names["lb_front"],
                Protocol="HTTP",
                Port=port,
                DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}],
            )


def roles(account, names):
    iam = account.client("iam")
    services = ["lambda.amazonaws.com", "eks.amazonaws.com", "fis.amazonaws.com"]
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": services, "AWS": "*"}}
    made = iam.create_role(RoleName="runner", AssumeRolePolicyDocument=policy(trust))
    names["role"] = made["Role"]["Arn"]
    allow = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
    for name in ("held", "spare"):
        made = iam.create_policy(PolicyName=name, PolicyDocument=policy(allow))
        names[f"policy_{name}"] = made["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="runner", PolicyArn=names["policy_held"])


def policy(statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def containers(account, names):
    ecs = account.client("ecs")
    for cluster in ("store", "idle"):
        names[f"cluster_{cluster}"] = ecs.create_cluster(clusterName=cluster)["cluster"]["clusterArn"]
    container = {"name": "app", "image": "busybox", "cpu": 32, "memory": 32, "essential": True}
    made = ecs.register_task_definition(family="app", containerDefinitions=[container])
    names["task_definition"] = made["taskDefinition"]["taskDefinitionArn"]
    for number, host in enumerate(("web_a", "web_b"), 1):
        identity = json.dumps({"instanceId": names[host], "region": REGION, "accountId": ACCOUNT})
        made = ecs.register_container_instance(cluster="store", instanceIdentityDocument=identity)
        arn = names[f"box_{number}_arn"] = made["containerInstance"]["containerInstanceArn"]
        names[f"box_{number}"] = arn.rsplit("/", 1)[1]
    for service in ("orders", "payments"):
        made = ecs.create_service(cluster="store", serviceName=service, taskDefinition="app", desiredCount=3)
        names[f"service_{service}"] = made["service"]["serviceArn"]
    # moto's services start no tasks.
    for number in (1, 2, 3):
        made = ecs.run_task(cluster="store", taskDefinition="app", launchType="EC2", startedBy="ecs-svc/orders")
        arn = names[f"task_{number}_arn"] = made["tasks"][0]["taskArn"]
        names[f"task_{number}"] = arn.rsplit("/", 1)[1]


def databases(account, names):
    rds = account.client("rds")
    login = {"MasterUsername": "root", "MasterUserPassword": "not-a-secret"}
    for name in ("ledger", "ledger-idle"):
        rds.create_db_instance(
            DBInstanceIdentifier=name,
            DBInstanceClass="db.t3.micro",
            Engine="postgres",
            AllocatedStorage=10,
            MultiAZ=name == "ledger",
            **login,
        )
    rds.stop_db_instance(DBInstanceIdentifier="ledger-idle")
    for name in ("books", "books-bare"):
        rds.create_db_cluster(DBClusterIdentifier=name, Engine="aurora-mysql", **login)
    for number in (1, 2):
        rds.create_db_instance(
            DBInstanceIdentifier=f"books-{number}",
            DBInstanceClass="db.r5.large",
            Engine="aurora-mysql",
            DBClusterIdentifier="books",
        )


def caches(account, names):
    cache = account.client("elasticache")
    cache.create_cache_cluster(
        CacheClusterId="sessions", Engine="memcached", NumCacheNodes=2, CacheNodeType="cache.t3.micro"
    )
    made = cache.create_replication_group(
        ReplicationGroupId="baskets",
        ReplicationGroupDescription="baskets",
        Engine="redis",
        CacheNodeType="cache.t3.micro",
        NumNodeGroups=1,
        ReplicasPerNodeGroup=1,
        AutomaticFailoverEnabled=True,
    )
    # Part of all its addresses, and other in each process of moto.
    address = made["ReplicationGroup"]["NodeGroups"][0]["PrimaryEndpoint"]["Address"]
    names["baskets_domain"] = ".".join(address.split(".")[1:3])


def archive():
    """A function's code: the same bytes every time."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr(zipfile.ZipInfo("main.py", (2024, 1, 1, 0, 0, 0)), "def handler(event, context): return event\n")
    return buffer.getvalue()


def functions(account, names):
    aws_lambda, sqs = account.client("lambda"), account.client("sqs")
    for name in ("resize", "resize-plain"):
        made = aws_lambda.create_function(
            FunctionName=name,
            Runtime="python3.11",
            Handler="main.handler",
            Role=names["role"],
            Code={"ZipFile": archive()},
            Timeout=9,
            MemorySize=192,
            Environment={"Variables": {"MODE": "fast"}},
            Publish=True,
        )
        names["function_" + name.replace("-", "_")] = made["FunctionArn"]
    aws_lambda.put_function_concurrency(FunctionName="resize", ReservedConcurrentExecutions=4)
    for number in (1, 2):
        made = aws_lambda.publish_layer_version(LayerName=f"extra-{number}", Content={"ZipFile": archive()})
        names[f"layer_{number}"] = made["LayerVersionArn"]
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    names["queue"] = attributes["QueueArn"]
    made = aws_lambda.create_event_source_mapping(
        EventSourceArn=names["queue"], FunctionName="resize", BatchSize=5
    )
    names["mapping"] = made["UUID"]


def alarms_and_rules(account, names):
    watch, events = account.client("cloudwatch"), account.client("events")
    for name, state in (("cpu-high", "ALARM"), ("cpu-low", "OK")):
        watch.put_metric_alarm(
            AlarmName=name,
            MetricName="Load",
            Namespace="Shop",
            Statistic="Average",
            Period=60,
            EvaluationPeriods=1,
            Threshold=80,
            ComparisonOperator="GreaterThanThreshold",
        )
        watch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="made so")
    for name, targets in (("nightly", 2), ("unused", 0)):
        events.put_rule(Name=name, ScheduleExpression="rate(1 hour)", State="ENABLED")
        if targets:
            wanted = [{"Id": f"target-{number}", "Arn": names["queue"]} for number in range(1, targets + 1)]
            events.put_targets(Rule=name, Targets=wanted)


def documents(account, names):
    ssm = account.client("ssm")
    step = {"action": "aws:runShellScript", "name": "step", "inputs": {"runCommand": ["true"]}}
    content = {"schemaVersion": "2.2", "description": "restarts", "mainSteps": [step]}
    ssm.create_document(
        Name="restart", DocumentType="Command", DocumentFormat="JSON", Content=json.dumps(content)
    )
    ssm.put_parameter(Name="/shop/mode", Value="calm", Type="String")


def kubernetes(account, names):
    made = account.client("eks").create_cluster(
        name="kube",
        roleArn=names["role"],
        resourcesVpcConfig={"subnetIds": [names["subnet_a"], names["subnet_b"]]},
    )
    names["kube"] = made["cluster"]["arn"]


def map_reduce(account, names):
    emr = account.client("emr")
    kinds = (("MASTER", 1), ("CORE", 2), ("TASK", 1))
    made = emr.run_job_flow(
        Name="words",
        ReleaseLabel="emr-6.9.0",
        JobFlowRole="EMR_EC2_DefaultRole",
        ServiceRole="EMR_DefaultRole",
        Instances={
            "KeepJobFlowAliveWhenNoSteps": True,
            "Ec2SubnetId": names["subnet_a"],
            "InstanceGroups": [
                {
                    "Name": kind.lower(),
                    "InstanceRole": kind,
                    "InstanceType": "m5.large",
                    "InstanceCount": count,
                    "Market": "ON_DEMAND",
                }
                for kind, count in kinds
            ],
        },
    )
    names["emr"] = made["JobFlowId"]
    for group in emr.list_instance_groups(ClusterId=names["emr"])["InstanceGroups"]:
        names["emr_" + group["InstanceGroupType"].lower()] = group["Id"]


def dns(account, names):
    route53 = account.client("route53")
    zone = route53.create_hosted_zone(
        Name="shop.internal.",
        CallerReference="one",
        HostedZoneConfig={"PrivateZone": True},
        VPC={"VPCRegion": REGION, "VPCId": names["vpc"]},
    )
    names["zone"] = zone["HostedZone"]["Id"].rsplit("/", 1)[1]
    record = {"Name": "www.shop.internal.", "Type": "A", "TTL": 30, "ResourceRecords": [{"Value": "10.0.0.7"}]}
    route53.change_resource_record_sets(
        HostedZoneId=names["zone"],
        ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]},
    )
    check = {"IPAddress": "10.0.0.7", "Port": 80, "Type": "HTTP", "ResourcePath": "/"}
    made = route53.create_health_check(CallerReference="one", HealthCheckConfig=check)
    names["health_check"] = made["HealthCheck"]["Id"]


def buckets(account, names):
    s3 = account.client("s3")
    for bucket in ("shop-plain", "shop-versions"):
        s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket="shop-versions", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="shop-plain", Key="notes/a b.txt", Body=b"first")
    made = s3.put_object(Bucket="shop-versions", Key="notes/a b.txt", Body=b"first")
    names["object_version"] = made["VersionId"]
    s3.put_object(Bucket="shop-versions", Key="notes/a b.txt", Body=b"second")


def streams(account, names):
    made = account.client("kafka").create_cluster(
        ClusterName="stream",
        KafkaVersion="3.5.1",
        NumberOfBrokerNodes=3,
        BrokerNodeGroupInfo={
            "InstanceType": "kafka.m5.large",
            "ClientSubnets": [names[f"subnet_{letter}"] for letter in ZONES],
            "SecurityGroups": [names["group_web"]],
        },
    )
    names["stream"] = made["ClusterArn"]


def fault_injection(account, names):
    fis = account.client("fis")
    target = {"resourceType": "aws:ec2:instance", "resourceTags": {"tier": "web"}, "selectionMode": "ALL"}
    action = {"actionId": "aws:ec2:stop-instances", "parameters": {}, "targets": {"Instances": "web"}}
    made = fis.create_experiment_template(
        clientToken="one",
        description="stops the web tier",
        roleArn=names["role"],
        stopConditions=[{"source": "none"}],
        targets={"web": target},
        actions={"stop": action},
        tags={"app": "shop"},
    )
    names["fis_template"] = made["experimentTemplate"]["id"]
    made = fis.start_experiment(
        experimentTemplateId=names["fis_template"], clientToken="two", tags={"app": "shop", "run": "1"}
    )
    names["fis_experiment"] = made["experiment"]["id"]


def refresh(account):
    """What has to be young: made again for each case. Without boto3, whose clients take longer than all the rest."""
    now = datetime.datetime.now(datetime.timezone.utc)
    data = {"Action": "PutMetricData", "Version": "2010-08-01", "Namespace": "Shop"}
    for number, (age, value) in enumerate(((30, 10.0), (40, 30.0), (50, 80.0)), 1):
        point = f"MetricData.member.{number}."
        data[point + "MetricName"] = "Load"
        data[point + "Timestamp"] = (now - datetime.timedelta(seconds=age)).isoformat()
        data[point + "Value"] = value
        data[point + "Unit"] = "Percent"
        data[point + "Dimensions.member.1.Name"] = "Host"
        data[point + "Dimensions.member.1.Value"] = "web-a"
    post(account.url, "monitoring", "/", "application/x-www-form-urlencoded", urllib.parse.urlencode(data))
    begin = time.time() - 60
    trace = f"1-{int(begin):08x}-" + "b" * 24
    segment = {"name": "shop", "id": "70de5b6f19ff9a0b", "start_time": begin, "end_time": begin + 1, "trace_id": trace}
    body = json.dumps({"TraceSegmentDocuments": [json.dumps(segment)]})
    post(account.url, "xray", "/TraceSegments", "application/json", body)
    account.names["trace"] = trace


def post(url, service, path, kind, body):
    scope = f"Credential=seed/20240101/{REGION}/{service}/aws4_request"
    headers = {"Content-Type": kind, "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"}
    urllib.request.urlopen(urllib.request.Request(url + path, body.encode(), headers)).read()
