namespace Grpc.Core;

/// <summary>Put by generated code on a service base: names the method that binds a service.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = false, Inherited = true)]
public class BindServiceMethodAttribute : Attribute
{
    /// <summary>Names the binding method.</summary>
    /// <param name="bindType">The class that holds it.</param>
    /// <param name="bindMethodName">Its name; it takes a <see cref="ServiceBinderBase"/> and the service base.</param>
    public BindServiceMethodAttribute(Type bindType, string bindMethodName)
    {
        BindType = bindType;
        BindMethodName = bindMethodName;
    }

    /// <summary>The class that holds the binding method.</summary>
    public Type BindType { get; }

    /// <summary>The name of the binding method.</summary>
    public string BindMethodName { get; }
}
