/** An order that cannot be carried out, with the HTTP status that says so. */
export class AdminRefusal extends Error {
  readonly httpStatus: number;

  constructor(httpStatus: number, message: string) {
    super(message);
    this.name = 'AdminRefusal';
    this.httpStatus = httpStatus;
  }
}
