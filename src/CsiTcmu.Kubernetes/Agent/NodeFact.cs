namespace CsiTcmu.Kubernetes.Agent;

/// <summary>Something that is told of the node by a condition of its TcmuNode.</summary>
/// <param name="Type">Type of the condition.</param>
/// <param name="IsTrue">Whether it is so.</param>
/// <param name="Reason">One word in CamelCase.</param>
/// <param name="Message">For people.</param>
public sealed record NodeFact(string Type, bool IsTrue, string Reason, string Message);
